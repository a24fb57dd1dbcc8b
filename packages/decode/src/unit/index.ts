export { conversionBetween, type Conversion } from './conversion.js';
