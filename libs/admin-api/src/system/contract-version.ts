/** The version of Artifactory whose contract this API follows; its clients choose their requests by it. */
export const contractVersion = '7.117.0'
