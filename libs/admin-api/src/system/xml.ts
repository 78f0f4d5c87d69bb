export interface XmlElement {
  readonly name: string
  readonly content: string | number | boolean | readonly XmlElement[]
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** What no XML 1.0 document may have: section 2.2. */
const forbidden = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu

/** A document of elements and text. Names are the caller's own words, everything else is escaped. */
export function xmlDocument(root: XmlElement, namespace: string): string {
  const { name, content } = root
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${escaped(namespace)}">${inside(content, 0)}</${name}>\n`
}

function inside(content: XmlElement['content'], depth: number): string {
  if (!isElements(content)) return escaped(String(content))
  const indent = `\n${'  '.repeat(depth + 1)}`
  const children = content.map(
    ({ name, content: inner }) => `${indent}<${name}>${inside(inner, depth + 1)}</${name}>`,
  )
  return children.length === 0 ? '' : `${children.join('')}\n${'  '.repeat(depth)}`
}

function isElements(content: XmlElement['content']): content is readonly XmlElement[] {
  return typeof content === 'object'
}

function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(forbidden, '\u{FFFD}')
    .replaceAll(/[&<>"]/g, (sign) => entities[sign] ?? sign)
}
