#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/latents/hdf5.h"

// Attributes and datasets as C++ values. Strings are UTF-8. `parent` is an open file, group or dataset; paths are
// relative to it and may have several parts. All functions throw Error.
namespace orrery::hdf5 {

// How to store a dataset. Every dataset is chunked, with a Fletcher-32 checksum for each chunk.
struct DatasetStyle {
  const char* axes;         // "channel, frame"
  const char* description;  // one sentence
  bool compress;
};

// Opens a file that Structure has already checked.
File open_to_read(const std::string& path);

void write_attribute(hid_t parent, const char* name, const std::string& value);
void write_attribute(hid_t parent, const char* name, std::int64_t value);

// Creates the group and its missing parents. Records no time, so that equal content gives equal bytes.
void create_group(hid_t parent, const std::string& path);

void write_dataset(hid_t parent, const std::string& path, const std::vector<std::int64_t>& shape, const float* values,
                   const DatasetStyle& style);
void write_dataset(hid_t parent, const std::string& path, const std::vector<std::int64_t>& shape,
                   const std::int64_t* values, const DatasetStyle& style);

// None when the attribute is missing; throws Error when it is not exactly one string (of fixed or variable length) or
// integer.
std::optional<std::string> read_string(hid_t parent, const char* name);
std::optional<std::int64_t> read_integer(hid_t parent, const char* name);

bool has_path(hid_t parent, const std::string& path);
Dataset open_dataset(hid_t parent, const std::string& path);

// All values in row-major order, converted from any floating-point or integer type, layout and filter.
std::vector<float> read_floats(const Dataset& dataset);
std::vector<std::int64_t> read_integers(const Dataset& dataset);

}  // namespace orrery::hdf5
