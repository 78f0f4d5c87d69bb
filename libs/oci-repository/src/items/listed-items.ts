import { byCodePoint } from '@entrepot/kernel'
import { type ItemFile, type ItemList, type ListedItem, maximumItems } from './item.js'

/** Gathers what is in a folder, down to a depth, and no more than `maximumItems`. */
export class ListedItems {
  readonly #prefix: string
  readonly #items = new Map<string, ListedItem>()
  #complete = true

  constructor(
    folder: string,
    private readonly depth: number,
  ) {
    this.#prefix = folder === '' ? '' : `${folder}/`
  }

  get isFull(): boolean {
    return !this.#complete
  }

  get isEmpty(): boolean {
    return this.#items.size === 0
  }

  /** With the folders above it. @returns whether there may be something of it in the list */
  addImage(image: string): boolean {
    if (!image.startsWith(this.#prefix)) return true
    const parts = image.slice(this.#prefix.length).split('/')
    for (const end of parts.keys()) {
      this.addFolder(this.#prefix + parts.slice(0, end + 1).join('/'), undefined)
    }
    return parts.length < this.depth && !this.isFull
  }

  addFolder(path: string, modified: Date | undefined): void {
    const relative = path.slice(this.#prefix.length)
    this.#add({ path: relative, folder: true, size: 0, digest: undefined, modified })
  }

  addFiles(folder: string, files: readonly ItemFile[], modified: Date | undefined): void {
    for (const { name, size, digest } of files) {
      const path = `${folder}/${name}`.slice(this.#prefix.length)
      this.#add({ path, folder: false, size, digest, modified })
    }
  }

  toList(): ItemList {
    const items = [...this.#items.values()].sort((left, right) => byCodePoint(left.path, right.path))
    return { items, complete: this.#complete }
  }

  #add(item: ListedItem): void {
    if (item.path.split('/').length > this.depth) return
    if (this.#items.size >= maximumItems && !this.#items.has(item.path)) this.#complete = false
    else this.#items.set(item.path, item)
  }
}
