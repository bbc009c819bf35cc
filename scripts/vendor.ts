/**
 * Bundles the one module that imports the CEL library into `dist/`, in place of what the compiler made of it.
 *
 * The library and what it needs weigh 11 MB installed, most of it descriptors that no rule uses; bundled they are 280 KB.
 * So it is a development dependency, and whoever installs the package installs none of it. The licences of what goes in
 * are in THIRD-PARTY-NOTICES.txt, which the package carries; a library, or a version, that the notices do not name
 * fails the build.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

const MODULE = 'memory/rules/cel'
const NOTICES = 'THIRD-PARTY-NOTICES.txt'

/** @throws where something would be left to import, or a library goes in that the notices do not name */
export async function vendor(): Promise<void> {
  const bundle = await rolldown({ input: `src/${MODULE}.ts`, platform: 'node' })
  try {
    const { output } = await bundle.write({
      file: `dist/${MODULE}.js`,
      format: 'esm',
      minify: true,
      banner: `/*! Bundled and minified: the libraries and licences that ${NOTICES} names. */`,
    })
    const notices = readFileSync(NOTICES, 'utf8')
    for (const chunk of output) {
      if (chunk.type !== 'chunk')
        throw new Error(`The bundle of ${MODULE} has a file of its own: ${chunk.fileName}.`)
      const left = [...chunk.imports, ...chunk.dynamicImports]
      if (left.length > 0) throw new Error(`The bundle of ${MODULE} still imports ${left.join(', ')}.`)
      const unnamed = librariesIn(chunk.moduleIds).filter((library) => !notices.includes(`\n${library}\n`))
      if (unnamed.length > 0) throw new Error(`${NOTICES} does not name ${unnamed.join(', ')}.`)
    }
  } finally {
    await bundle.close()
  }
}

/** The packages that modules come from, by the last `node_modules` in their paths: name and version. */
function librariesIn(moduleIds: readonly string[]): readonly string[] {
  const folders = moduleIds.map((id) => /.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0])
  return [...new Set(folders.filter((folder) => folder !== undefined))].map((folder) => {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>
    return `${String(manifest['name'])} ${String(manifest['version'])}`
  })
}
