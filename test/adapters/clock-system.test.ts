import { systemClock } from '../../services/adapters/clock/system.ts';
import { clockContract } from '../contract/clock.ts';

// The machine's time passes by itself, so a wait for it is a wait for the sleeps under test.
clockContract('the system clock', () => ({ clock: systemClock(), pass: async () => undefined }));
