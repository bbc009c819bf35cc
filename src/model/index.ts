export { memoryToolsFeature } from './memory-tools.ts'
