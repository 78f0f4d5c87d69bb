import { FakeSecretBox } from './fake-secret-box.js'
import { secretBoxContract } from './secret-box.contract.js'

secretBoxContract('FakeSecretBox', () => new FakeSecretBox())
