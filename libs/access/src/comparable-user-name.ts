/** Users' names are compared without regard to case, as directories do it. */
export function comparableUserName(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
