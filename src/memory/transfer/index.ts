export { exportLines, type MemoryExportOptions } from './exporting.ts'
export {
  importMemory,
  type ImportedChange,
  type MemoryImported,
  type MemoryImportOptions,
} from './importing.ts'
