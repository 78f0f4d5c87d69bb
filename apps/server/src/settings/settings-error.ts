/** Everything that is wrong with the settings, at once, in words for the person who wrote them. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'

  constructor(readonly problems: readonly string[]) {
    super(
      ['Entrepot can not start, its settings are wrong:', ...problems.map((line) => `  - ${line}`)].join(
        '\n',
      ),
    )
  }
}
