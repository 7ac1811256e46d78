import * as fc from 'fast-check';

/**
 * The seed of property tests that name none: the same in every run, so that a failure of today is one of the change of today. `PROPERTY_SEED=random` looks
 * further; a number goes back to what was found so.
 */
const given = process.env['PROPERTY_SEED'] ?? '20261124';

if (given !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(given) });
