import { expect, test } from 'vitest';
import { withScene } from '../scene.ts';

test(
  'first',
  withScene({}, async ({ lab, reach }) => {
    let t = performance.now();
    const lap = (w: string) => {
      console.log(w, Math.round(performance.now() - t));
      t = performance.now();
    };
    expect(lab.implementation).toBe('kernel');
    await lab.connect();
    lap('connect');
    console.log(await lab.innerPing());
    lap('ping');
    await lab.wg.endpoint();
    lap('wg show');
    let run = await reach.run(reach.dropIn());
    lap('run healthy');
    console.log(run.said);
    await lab.path.set({ family: 6, drop: true });
    run = await reach.run([...reach.dropIn(), '--verbose']);
    lap('run dead');
    console.log(run.said);
    expect(await lab.wg.endpoint()).toBe(lab.endpoint('v4'));
  }),
);
