import { open } from '../app/index.ts'
