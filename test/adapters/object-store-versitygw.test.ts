import { s3Store } from '../../services/adapters/object-store/s3.ts';
import { objectStoreContract } from '../contract/object-store.ts';
import { describeWith } from '../support/require-component.ts';
import { versitygwProgram, startVersitygw } from '../support/s3-server.ts';

describeWith(versitygwProgram(), 'the S3 store on versitygw', (program) => {
  objectStoreContract(
    'the S3 store on versitygw',
    async () => {
      const server = await startVersitygw(program);
      await server.createBucket('argosy-test');
      return {
        store: s3Store({ bucket: 'argosy-test', connection: server.connection }),
        missing: s3Store({ bucket: 'argosy-missing', connection: server.connection }),
        close: () => server.stop(),
      };
    },
    { listingSizes: [0, 1, 999, 1000, 1001], takesLongSegments: false, makesBuckets: false },
  );
});
