import { isIP } from 'node:net'

/** Second labels under which countries register names: below `co.uk` one label more is one owner. */
const countryCategories = new Set(
  `ac ad asn biz co com ed edu firm gen go gob gok gouv gov govt ltd me mil ne net nhs nic nom or org plc pro sch web
   id in ind info res school police`.split(/\s+/),
)

/** Two-label suffixes that no country runs. */
const otherSuffixes = new Set(
  'br.com cn.com co.com de.com eu.com gb.net jp.net ru.com sa.com uk.com us.com'.split(' '),
)

/** Domains that rent names below them to strangers: below these only the very same host is the same owner. */
const sharedDomains: readonly string[] =
  `amazonaws.com amazonaws.com.cn awsapprunner.com elasticbeanstalk.com cloudfront.net on.aws azurecr.io azurecr.cn
   azurecr.us azure.com azure.net azurewebsites.net azurecontainer.io azurecontainerapps.io azurefd.net azureedge.net
   cloudapp.net windows.net trafficmanager.net pkg.dev googleapis.com appspot.com run.app cloudfunctions.net
   web.app firebaseapp.com googleusercontent.com cloud.goog github.io githubusercontent.com githubpreview.dev github.dev
   gitlab.io bitbucket.io jfrog.io jfrog.com cloudsmith.io cloudsmith.com packagecloud.io sonatype.app oraclecloud.com
   ocir.io oraclecloudapps.com digitaloceanspaces.com ondigitalocean.app scw.cloud ovh.net ovh.cloud hetzner.cloud
   your-server.de vultrcr.com linodeobjects.com linodeusercontent.com aliyuncs.com alicdn.com myqcloud.com
   tencentcloudcr.com tencentcs.com myhuaweicloud.com volces.com cloud.yandex.net yandexcloud.net ibmcloud.com
   appdomain.cloud
   herokuapp.com herokucr.com netlify.app vercel.app now.sh pages.dev workers.dev r2.dev r2.cloudflarestorage.com
   cloudflarestorage.com fastly.net fastlylb.net akamaized.net edgekey.net edgesuite.net b-cdn.net backblazeb2.com
   wasabisys.com fly.dev fly.io render.com onrender.com railway.app up.railway.app deno.dev replit.app repl.co glitch.me
   ngrok.io ngrok.app ngrok-free.app ngrok.dev trycloudflare.com loca.lt localtunnel.me serveo.net nip.io sslip.io xip.io
   lvh.me localtest.me ts.net duckdns.org ddns.net dyndns.org hopto.org no-ip.org noip.me zapto.org myftp.org dynv6.net
   afraid.org mooo.com synology.me myqnapcloud.com fritz.box myfritz.net codeberg.page surge.sh readthedocs.io
   blogspot.com wordpress.com cloudns.ph openshiftapps.com apps.openshift.com rhcloud.com
   cluster.local home.arpa`.split(/\s+/)

/**
 * Whether two hosts are plainly the same owner's: equal, or under one registrable domain. Built to say no when in doubt,
 * since yes sends a password there: IP addresses, single labels and hosts below rented domains must be equal.
 */
export function sameOwner(first: string, second: string): boolean {
  const left = normalised(first)
  const right = normalised(second)
  if (left === right) return true
  const domain = registrableDomain(left)
  return domain !== undefined && domain === registrableDomain(right)
}

/** @returns undefined where nothing but the host itself is certain */
function registrableDomain(host: string): string | undefined {
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0) return undefined
  if (sharedDomains.some((shared) => host === shared || host.endsWith(`.${shared}`))) return undefined
  const labels = host.split('.')
  const wanted = isSuffix(labels.at(-2) ?? '', labels.at(-1) ?? '') ? 3 : 2
  if (labels.length < wanted || labels.includes('')) return undefined
  return labels.slice(-wanted).join('.')
}

function isSuffix(second: string, top: string): boolean {
  return (top.length === 2 && countryCategories.has(second)) || otherSuffixes.has(`${second}.${top}`)
}

function normalised(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}
