#pragma once

#include <string>

#include "app/plan/forecast.h"
#include "base/core/json.h"

namespace orrery {

// For people: tables and what is best.
std::string page_of(const Forecast& forecast);

// Everything that the page has, unrounded; bytes, seconds, floating-point operations.
Json to_json(const Forecast& forecast);

}  // namespace orrery
