import { s3Connection } from '../../adapters/object-store/s3-connection.ts';
import { s3Store } from '../../adapters/object-store/s3.ts';
import { redshiftWarehouse } from '../../adapters/warehouse/redshift.ts';
import { PipelineError } from '../../core/error.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import type { Config } from '../config/config.ts';
import { credentialsOf } from './credentials.ts';

/** Redshift, which reads rows from the bucket of market-data as `ARGOSY_REDSHIFT_IAM_ROLE_ARN`. */
export function openRedshift(config: Config, address: string): Warehouse {
  const { redshiftIamRoleArn: iamRoleArn, s3 } = config;
  if (iamRoleArn === undefined) {
    throw new PipelineError('config-invalid', 'ARGOSY_REDSHIFT_IAM_ROLE_ARN is not set', {
      hint: 'set it to the role by which Redshift may read the bucket (REDSHIFT_IAM_ROLE_ARN will do)',
    });
  }
  if (config.store.kind !== 's3') {
    throw new PipelineError('config-invalid', 'Redshift reads rows from S3 alone', {
      hint: 'set ARGOSY_STORE=s3: or another warehouse',
    });
  }
  const connection = s3Connection({ ...s3, credentials: credentialsOf(config) });
  const store = s3Store({ connection, bucket: config.buckets['market-data'] });
  return redshiftWarehouse({ address, stage: { store, iamRoleArn, region: s3.region } });
}
