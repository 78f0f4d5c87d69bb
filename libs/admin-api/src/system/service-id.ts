/** What Artifactory's clients name this service by in the subjects, audiences and scopes of its older tokens. */
export const serviceId = 'jfrt@entrepot'
