import { open } from 'node:fs/promises'

/** Makes the entries of a folder durable: a rename survives a power cut only after this. fsync(2), NOTES. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
