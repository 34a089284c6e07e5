import type { Config } from '../config/config.ts';

/** The SDK looks into the environment by itself, but not into `.env`. */
export function credentialsOf({ sdkVariables }: Pick<Config, 'sdkVariables'>) {
  const accessKeyId = sdkVariables['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = sdkVariables['AWS_SECRET_ACCESS_KEY'];
  if (!accessKeyId || !secretAccessKey) return undefined;
  const sessionToken = sdkVariables['AWS_SESSION_TOKEN'];
  return { accessKeyId: accessKeyId.reveal(), secretAccessKey, sessionToken };
}
