/** Controls, and what turns the direction of text or breaks its lines: all that can forge or hide a part of a line. */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const invisible = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** The text with each invisible character as `\u....`, and without halves of surrogate pairs. */
export function visibleText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(invisible, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
