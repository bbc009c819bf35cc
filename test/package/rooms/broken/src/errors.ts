import { open } from './log/index.ts' // breach
