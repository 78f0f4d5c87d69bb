import type { AuditTrail } from '@entrepot/kernel'
import { addressText, type ManifestAddress, type Surplus, type TransferEvent } from '@entrepot/oci-repository'
import type { Caller } from '../caller.js'
import { recordChange } from '../record-change.js'

type Transferred = Extract<TransferEvent, { readonly kind: 'transferred' }>

interface HowTransferred {
  readonly move: boolean
  readonly origin: 'promotedFrom' | 'copiedFrom'
}

/** Writes down what an event of a transfer did; one that failed has done nothing. */
export function recordTransferEvent(
  audit: AuditTrail,
  caller: Caller,
  event: TransferEvent,
  how: HowTransferred,
): void {
  if (event.kind === 'transferred') recordTransfer(audit, caller, event, how)
  if (event.kind === 'surplus') {
    recordSurplus(audit, caller, `${event.repository}/${event.image}`, event.surplus)
  }
}

/** Writes down both ends of what was copied or moved. */
export function recordTransfer(
  audit: AuditTrail,
  caller: Caller,
  { from, to, digest, replaced }: Omit<Transferred, 'kind'>,
  how: HowTransferred,
): void {
  recordChange(audit, caller, {
    action: 'push',
    subject: { kind: 'image', name: nameOf(to) },
    before: replaced === undefined ? undefined : { digest: replaced },
    after: { digest, tags: tagsOf(to), [how.origin]: nameOf(from) },
  })
  if (!how.move) return
  recordChange(audit, caller, {
    action: 'delete',
    subject: { kind: 'image', name: nameOf(from) },
    before: { digest, tags: tagsOf(from) },
  })
}

/** Writes down what went of an image because a repository keeps only so much. */
export function recordSurplus(
  audit: AuditTrail,
  caller: Caller,
  image: string,
  { tags, manifests }: Surplus,
): void {
  if (tags.length + manifests.length === 0) return
  const names = tags.map(({ tag }) => tag)
  recordChange(audit, caller, {
    action: 'delete',
    subject: { kind: 'image', name: image },
    before: { tags: names, manifests, reason: 'the limits of the repository' },
  })
}

function tagsOf({ reference }: ManifestAddress): readonly string[] {
  return reference.kind === 'tag' ? [reference.tag] : []
}

function nameOf(address: ManifestAddress): string {
  return `${address.repository}/${addressText(address)}`
}
