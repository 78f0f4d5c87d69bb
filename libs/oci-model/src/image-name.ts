import { RegistryError } from '@entrepot/kernel'

declare const imageNameBrand: unique symbol

/** The name of an image inside its repository, `library/alpine`. distribution-spec, "Pulling manifests", `<name>`. */
export type ImageName = string & { readonly [imageNameBrand]: true }

const grammar = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/

/** Clients limit `host[:port]/name` to 255 characters, so a longer name could never be pulled. */
const maximumLength = 255

/** @throws RegistryError NAME_INVALID */
export function parseImageName(text: string): ImageName {
  if (!isImageName(text)) {
    throw new RegistryError(
      'NAME_INVALID',
      `image name ${JSON.stringify(text.slice(0, 300))} is not made of lower-case letters, digits and single separators (. _ __ -), parted by "/", at most ${maximumLength} characters`,
    )
  }
  return text
}

export function isImageName(text: string): text is ImageName {
  return text.length <= maximumLength && grammar.test(text)
}
