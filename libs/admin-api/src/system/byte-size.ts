const units = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB']

/** `1.50 GB`, as Artifactory writes sizes: by 1024, with two digits after the point. */
export function byteSize(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1)
  return power === 0 ? `${bytes} bytes` : `${(bytes / 1024 ** power).toFixed(2)} ${units[power]}`
}
