import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'

/*
 * Lets a plain Node process run the sources, for tests that need a server process of their own to kill:
 * `node --import <this file> <script>.ts`.
 */
const libraries = new URL('../../../', import.meta.url)

registerHooks({
  resolve(specifier, context, next) {
    const library = /^@entrepot\/([a-z-]+)$/.exec(specifier)?.[1]
    if (library !== undefined) {
      return { url: new URL(`${library}/src/index.ts`, libraries).href, shortCircuit: true }
    }
    const fromSource = context.parentURL?.endsWith('.ts') === true && specifier.startsWith('.')
    return next(fromSource ? specifier.replace(/\.js$/, '.ts') : specifier, context)
  },
  load(url, context, next) {
    if (!url.startsWith(libraries.href) || !url.endsWith('.ts')) return next(url, context)
    const { outputText } = ts.transpileModule(readFileSync(fileURLToPath(url), 'utf8'), {
      fileName: pathToFileURL(url).href,
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        experimentalDecorators: true,
      },
    })
    return { format: 'module', source: outputText, shortCircuit: true }
  },
})
