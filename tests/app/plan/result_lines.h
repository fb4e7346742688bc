#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "base/core/json.h"

namespace orrery {

// The JSON lines of a file in tools/results.
inline std::vector<Json> result_lines(const std::string& name) {
  std::ifstream file(std::string(ORRERY_SOURCE "/tools/results/").append(name));
  std::vector<Json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
  return lines;
}

}  // namespace orrery
