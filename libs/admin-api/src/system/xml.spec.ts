import { expect, it } from 'vitest'
import { xmlDocument } from './xml.js'

const document = (content: string) => xmlDocument({ name: 'a', content }, 'urn:x')

it('writes elements and text', () => {
  const root = {
    name: 'config',
    content: [
      { name: 'flag', content: true },
      { name: 'proxies', content: [{ name: 'proxy', content: [{ name: 'port', content: 3128 }] }] },
      { name: 'empty', content: [] },
    ],
  }
  expect(xmlDocument(root, 'http://artifactory.example/"xsd')).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
      '<config xmlns="http://artifactory.example/&quot;xsd">\n' +
      '  <flag>true</flag>\n' +
      '  <proxies>\n    <proxy>\n      <port>3128</port>\n    </proxy>\n  </proxies>\n' +
      '  <empty></empty>\n' +
      '</config>\n',
  )
})

it.each([
  ['</a><b>', '&lt;/a&gt;&lt;b&gt;'],
  [']]>', ']]&gt;'],
  ['&amp;', '&amp;amp;'],
  ['<!ENTITY x SYSTEM "file:///etc/passwd">', '&lt;!ENTITY x SYSTEM &quot;file:///etc/passwd&quot;&gt;'],
  ['\u0000\u0008\uFFFE', '\uFFFD\uFFFD\uFFFD'],
  ['\ud800', '\uFFFD'],
  ['Überlandkräne 🚢\t\n', 'Überlandkräne 🚢\t\n'],
])('escapes %j', (text, escaped) => {
  expect(document(text)).toContain(`<a xmlns="urn:x">${escaped}</a>`)
})
