import { kind } from '../log/index.ts'
import { task } from '../task/index.ts'
import { perform } from '../run/index.ts'
import { portfolio } from '../portfolio/index.ts'
import { open } from '../app/index.ts' // breach
import { rule } from '../portfolio/rule.ts' // breach
