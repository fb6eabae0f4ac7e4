// What `colossus power` reports beside a run's machine.*, training.* and power.*. Reports, plots and tests rely on these names.
//   facts: power.scope ("all", "servers": what counts as IT power), power.event ("steady", "start", "stop", "sag"), power.chain, power.limits, power.bound_by
//   series: power.site, power.rack, power.gpu (W over s: samples of equal length that begin at x; the window), power.spectrum (W, peak, over Hz),
//     power.year.mean, power.year.most (W over s), power.source.NAME (W over s), power.charge (J over s);
//     power.design.curve.{battery_power (W), battery_energy (J), burnt (W), cost (USD)} over the floor (share of the most); floors at which
//     no battery meets the limits have no point
//   power.level.LEVEL.{in, loss (W mean), load_share}, in the order of the chain from the load upwards, and what hangs on a level beside what is
//     below it: power.level.LEVEL.port.{cooling, network, storage, fixed} (W mean; absent = none)
//   power.source.NAME.{energy (J), share, peak (W)}, NAME a slug; fact power.source.NAME.title where it reads otherwise
//   power.spectrum.band_N.{low, high (Hz), largest, total (W), at (Hz)}, .limit (W; absent = none asked)
//   power.check.NAME.{limit, found (unit of the line), met (0, 1)}, NAME a slug; fact power.check.NAME.title where it reads otherwise.
//     Lines that are not met are shown by the reports: no warnings beside them.
//   fact power.design.battery: the battery whose price, round trip and response the design takes
//   power.milestone_N.{power (W), gpus}, fact power.milestone_N.name
#pragma once

#include "twin/twin.h"

// clx_power_run of the public header, into an empty result. options nullable.
clx_status clx_twin_power_study(const clx_scenario *scenario, const clx_power_options *options, clx_result *result,
                                clx_error *error);
