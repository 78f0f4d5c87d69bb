import { serviceId } from '@entrepot/identity'

const memberOfGroups = 'member-of-groups:'

/**
 * The scope of Artifactory's older tokens (`member-of-groups:*`, `member-of-groups:"a,b"`, `<service id>:admin`, `api:*`) in
 * today's words; what is in those already stays.
 */
export function scopeOfLegacy(text: string): string {
  const parts = text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []
  return parts
    .filter((part) => part !== 'api:*')
    .map((part) => {
      if (part === `${serviceId}:admin`) return 'applied-permissions/admin'
      if (!part.startsWith(memberOfGroups)) return part
      const groups = part.slice(memberOfGroups.length)
      if (groups === '*') return 'applied-permissions/user'
      // There the quotes are around the whole list, here around each name.
      return `applied-permissions/groups:${groups.startsWith('"') ? namesIn(groups) : groups}`
    })
    .join(' ')
}

function namesIn(quoted: string): string {
  return quoted
    .replaceAll('"', '')
    .split(',')
    .map((name) => (/\s/.test(name) ? `"${name.trim()}"` : name))
    .join(',')
}
