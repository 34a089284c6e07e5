import { s3Store } from '../../services/adapters/object-store/s3.ts';
import { objectStoreContract } from '../contract/object-store.ts';
import { describeWith } from '../support/require-component.ts';
import { minioProgram, startMinio } from '../support/s3-server.ts';

describeWith(minioProgram(), 'the S3 store on MinIO', (program) => {
  objectStoreContract(
    'the S3 store on MinIO',
    async () => {
      const server = await startMinio(program);
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
