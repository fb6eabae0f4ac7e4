// Results about cooling by their names, and the frame of their drawings, for the files report_cooling*.c.
//
// Names, beside machine.*, power.* and training.* of a run. Anything may be absent: reports then leave it out. Temperatures are K, differences
// too (doc says which); a time that never comes within the horizon is absent, never infinite.
//   facts: cooling.plant (title), cooling.weather, cooling.throttles_first, cooling.liquid, cooling.air (NAME of the loop that takes the racks'
//     liquid heat, and the heat that goes into the hall's air)
//   cooling.{pue, wue (m3/J), supply_temperature, supply_limit, chip_temperature_max, memory_temperature_max, flow (kg/s), water (kg), water_peak
//     (kg/s), throttled_fraction, throttled_time, warm_time, ride_through, free_time (share of the time), outside_range (s), power, power_peak,
//     power_share, pumps, fans, compressors, auxiliary, clock, step_time, leakage}, cooling.water.{evaporation, drift, blowdown} (kg),
//     cooling.heat.{liquid, air} (W), cooling.chip.{throttle, shutdown} (K: limits of the chip that cooling.trip.chip is of)
//   cooling.design.{dry_bulb, wet_bulb}; facts cooling.design.{note}: how the plant was sized ("N+1, 0.4 % of hours may be hotter")
//   The plant in the order of its specification, at one moment: fact cooling.moment says which ("design day", "hottest hour"),
//   cooling.moment.{dry_bulb, wet_bulb} its air.
//     cooling.loop.NAME.{count, supply, back, flow (kg/s of all), pressure (Pa), pump (W of all), heat (W of all), pumps (that carry, of one
//       loop), spare, warm (0, 1: supply above its set point)}; facts .title, .fluid. NAME a slug; `count` comes first.
//     cooling.unit.NAME.{count (that carry), spare, running, heat (W of all), electric (W of all), share (of the capacity), water (kg/s of
//       all), limit (0, 1: outside the range of its curves)}; facts .title, .kind (clx_plant_kind_name), .from (NAME of the loop whose heat
//       it takes), .into (NAME of the loop that it goes into; absent = outside air)
//   series cooling.year.{power (W of cooling), supply (K), water (kg/s), pue, dry_bulb (K), wet_bulb (K)} over s from the start of the year,
//     samples of equal length (an hour)
//   cooling.trip.{to_warm, to_throttle, to_shutdown, recovered (s after the first trip), supply_most, chip_most (K), throttled_share, at (s of
//     the first trip), dry_bulb (K)}; fact cooling.trip.what ("power: everything without backup stops"); cooling.trip.event_N.at (s), fact
//     cooling.trip.event_N.what, N from 1; series cooling.trip.{supply, supply_most, chip (K), flow, clock (shares), power (W)} over s
//   cooling.compare.W32.{pue, wue, energy (J), water (kg), compressor_time (s), throttled_time (s), units}: in the order asked for
#pragma once

#include "report/report_internal.h"
#include "report/report_power.h"
