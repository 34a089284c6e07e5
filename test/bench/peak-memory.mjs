import { writeSync } from 'node:fs';

// Loaded before the measured program: tells the kernel's count of its peak memory, in KiB, on file descriptor 3.
process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));
