import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { scenarios } from './scenarios.ts';

/**
 * Says why a test failed right when it did, since the machine may be stopped before the end; and fails the run if a
 * scenario was not run at all, as after its title was changed.
 */
export function scenarioReporter(): Reporter {
  return {
    onTestCaseResult(test) {
      for (const error of test.result().errors ?? []) {
        console.error(`${test.fullName} failed: ${error.stack ?? error.message}`);
      }
    },
    onTestRunEnd(modules) {
      for (const { file, titles } of scenarios) {
        const run = modules.find((each) => relative(each.project.config.root, each.moduleId) === file);
        const ran = run === undefined ? null : titlesRun(run);
        // Without the file the run was asked for others.
        for (const title of ran === null ? [] : titles.filter((each) => !ran.has(each))) {
          console.error(`${file} has no test "${title}" any more, or it was skipped; see scenarios.ts.`);
          process.exitCode = 1;
        }
      }
    },
  };
}

function titlesRun(module: TestModule): Set<string> {
  const ran = (test: TestCase) => test.result().state !== 'skipped';
  return new Set([...module.children.allTests()].filter(ran).map((test) => test.name));
}
