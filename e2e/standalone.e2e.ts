import { pipelineContract } from './pipeline.contract.js';
import { startStandalone } from './stack/standalone-stack.js';

pipelineContract('standalone', startStandalone);
