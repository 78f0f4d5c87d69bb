import { IsText } from '../field-rules.js'

/** What of a cache is to be asked for again. */
export class InvalidateDto {
  @IsText() repo?: string
  @IsText() image?: string
  @IsText() reference?: string
}

/** Where a tag is to point to again. */
export class UndoDto {
  @IsText() to?: string
}
