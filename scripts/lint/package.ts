/** Checks the package as it will be published: packs it, then asks publint and attw about the tarball. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { pack } from '../pack.ts'

const folder = mkdtempSync(join(tmpdir(), 'throughline-package-'))
try {
  const tarball = pack(folder)
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, unknown>
  const bytes = readFileSync(tarball)
  const { messages } = await publint({
    strict: true,
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
  })
  for (const message of messages) console.error(formatMessage(message, manifest))
  console.log(`publint: ${messages.length === 0 ? 'no complaints' : `${messages.length} complaints`}`)

  const attw = spawnSync('attw', [tarball, '--profile', 'esm-only', '--format', 'ascii'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  process.exitCode = messages.length === 0 && attw.status === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
