import { open } from '../app/index.ts'
import { memory } from '../memory/index.ts'
import {
  kind,
} from '../log/index.ts' // breach
