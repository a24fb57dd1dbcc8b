import { createInProcessBus } from './in-process-bus.js';
import { describeLiveBus } from './live-bus.contract.js';

describe('in-process bus', () => {
  describeLiveBus(createInProcessBus);
});
