import { cpus } from 'node:os';
import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { scenarioPattern, scenarios } from './scenarios.ts';

/** How often it is said what still runs; by the clock of the emulated machine, so that it is minutes outside. */
const saidEveryMs = 30_000;
/**
 * Ends a run that hangs. All tests take some 200 s of the emulated machine's clock, which goes on only while it is
 * given a processor: so this is not reached because the machine outside is busy or stands still for a while.
 */
const limitMs = 900_000;
/** As of `timeout`, and of the virtual machine when it is stopped from outside. */
const timedOutCode = 124;

/**
 * Says why a test failed right when it did, and now and then what still runs, in case the machine is stopped from
 * outside; ends a run that hangs and names what hangs; and fails the run if a scenario was not run at all, as after
 * its title was changed.
 */
export function scenarioReporter(): Reporter {
  const running = new Map<string, { readonly title: string; readonly startedMs: number }>();
  let vitest: Vitest | null = null;
  const timers: NodeJS.Timeout[] = [];

  const stillRunning = () => {
    const texts = [...running.values()].map(
      ({ title, startedMs }) => `"${title}" for ${Math.round((performance.now() - startedMs) / 1000)} s`,
    );
    return `Still running: ${texts.length === 0 ? 'no test' : texts.join(', ')}.`;
  };
  const giveUp = () => {
    console.error(`The tests did not end within ${limitMs / 1000} s and are stopped. ${stillRunning()}`);
    process.exit(timedOutCode);
  };

  return {
    onInit(all) {
      vitest = all;
      timers.push(
        setInterval(() => console.log(stillRunning()), saidEveryMs),
        setTimeout(giveUp, limitMs),
      );
      for (const timer of timers) timer.unref();
    },
    onTestCaseReady(test) {
      running.set(test.id, { title: test.name, startedMs: performance.now() });
    },
    onTestCaseResult(test) {
      running.delete(test.id);
      for (const error of test.result().errors ?? []) {
        console.error(`${test.fullName} failed: ${error.stack ?? error.message}`);
      }
    },
    onTestRunEnd(modules) {
      for (const timer of timers) clearTimeout(timer);
      const { workedS, waitedS } = processorTime();
      // What the tests cost, however busy the machine outside was.
      console.log(`By its own clock the machine worked for ${workedS} s and waited for ${waitedS} s.`);
      // Asked for some of them by their titles.
      if (vitest?.getGlobalTestNamePattern()?.source !== scenarioPattern().source) return;
      const ran = new Set(modules.flatMap(titlesRun));
      for (const { file, titles } of scenarios) {
        for (const title of titles.filter((each) => !ran.has(each))) {
          console.error(`${file} has no test "${title}" any more, or it was skipped; see scenarios.ts.`);
          process.exitCode = 1;
        }
      }
    },
  };
}

/** Since this machine was booted, all processors together. */
function processorTime() {
  const sumS = (pick: (times: ReturnType<typeof cpus>[number]['times']) => number) =>
    Math.round(cpus().reduce((sum, { times }) => sum + pick(times), 0) / 1000);
  return {
    workedS: sumS(({ user, nice, sys, irq }) => user + nice + sys + irq),
    waitedS: sumS(({ idle }) => idle),
  };
}

function titlesRun(module: TestModule): string[] {
  return [...module.children.allTests()]
    .filter((test) => test.result().state !== 'skipped')
    .map(({ name }) => name);
}
