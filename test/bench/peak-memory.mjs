import { writeSync } from 'node:fs';

// Loaded before the measured program: tells on file descriptor 3 what the kernel counted for it, its peak memory in KiB
// and its CPU time in microseconds.
process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  writeSync(3, `${maxRSS} ${userCPUTime + systemCPUTime}`);
});
