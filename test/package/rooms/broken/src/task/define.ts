import { kind } from '../log/index.ts'
import { advance } from '../run/advance.ts'
import { recall } from '../memory/index.ts' // breach
