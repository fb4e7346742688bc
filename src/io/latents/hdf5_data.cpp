#include "io/latents/hdf5_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>

#include "base/core/file_content.h"

namespace orrery::hdf5 {
namespace {

// A chunk is the unit of reading, checking and compressing: one channel of a 720p clip fills about two thirds of this.
// HDF5 holds chunks of up to 1 MiB in its cache.
constexpr hsize_t kChunkBytes = hsize_t{1} << 20;
// Deflate level: higher ones take several times as long on latents and save less than 1 % more.
constexpr unsigned kDeflateLevel = 1;

constexpr const char* kChecksumName = "checksum";  // XXH3, 128 bits, over the values as they are stored

Datatype string_type(std::size_t size, H5T_cset_t charset) {
  Datatype type(check(H5Tcopy(H5T_C_S1), "copy the string type"));
  check(H5Tset_size(type.get(), size), "size a string type");
  check(H5Tset_cset(type.get(), charset), "set a string's character set");
  return type;
}

void write_scalar(hid_t parent, const char* name, hid_t type, hid_t memory_type, const void* value) {
  const std::string what = std::string("write attribute ") + name;
  const Dataspace scalar(check(H5Screate(H5S_SCALAR), what));
  const Attribute attribute(check(H5Acreate2(parent, name, type, scalar.get(), H5P_DEFAULT, H5P_DEFAULT), what));
  check(H5Awrite(attribute.get(), memory_type, value), what);
}

PropertyList make_parents() {
  PropertyList list(check(H5Pcreate(H5P_LINK_CREATE), "make link properties"));
  check(H5Pset_create_intermediate_group(list.get(), 1), "set link properties");
  return list;
}

// The shape of a chunk: cuts the slowest axes first until it is small enough, so that a chunk consists of whole rows.
std::vector<hsize_t> chunk_shape(std::vector<hsize_t> shape, hsize_t element_bytes) {
  hsize_t bytes = element_bytes;
  for (const hsize_t extent : shape) bytes *= extent;
  for (hsize_t& extent : shape) {
    if (bytes <= kChunkBytes) break;
    const hsize_t rest = bytes / extent;
    extent = std::max<hsize_t>(1, kChunkBytes / rest);
    bytes = rest * extent;
  }
  return shape;
}

PropertyList dataset_properties(const std::vector<hsize_t>& shape, hsize_t element_bytes, bool compress) {
  const char* what = "set dataset properties";
  PropertyList list(check(H5Pcreate(H5P_DATASET_CREATE), what));
  const std::vector<hsize_t> chunk = chunk_shape(shape, element_bytes);
  check(H5Pset_obj_track_times(list.get(), false), what);
  check(H5Pset_chunk(list.get(), static_cast<int>(chunk.size()), chunk.data()), what);
  if (compress) {
    check(H5Pset_shuffle(list.get()), what);
    check(H5Pset_deflate(list.get(), kDeflateLevel), what);
  }
  check(H5Pset_fletcher32(list.get()), what);
  return list;
}

void write_array(hid_t parent, const std::string& path, const std::vector<std::int64_t>& shape, hid_t type,
                 hid_t memory_type, const void* values, const DatasetStyle& style) {
  const std::string what = "write " + path;
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  const auto count =
      static_cast<std::size_t>(std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>()));
  const Dataspace space(check(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), what));
  const PropertyList properties = dataset_properties(extents, H5Tget_size(type), style.compress);
  const PropertyList parents = make_parents();
  const Dataset dataset(
      check(H5Dcreate2(parent, path.c_str(), type, space.get(), parents.get(), properties.get(), H5P_DEFAULT), what));
  check(H5Dwrite(dataset.get(), memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), what);
  write_attribute(dataset.get(), "axes", style.axes);
  write_attribute(dataset.get(), "description", style.description);
  write_attribute(dataset.get(), kChecksumName, checksum(values, count * H5Tget_size(type)));
}

// An attribute that holds exactly one value; empty when there is no such attribute.
Attribute open_scalar_attribute(hid_t parent, const char* name) {
  const std::string what = std::string("read attribute ") + name;
  if (check(H5Aexists(parent, name), what) == 0) return {};
  Attribute attribute(check(H5Aopen(parent, name, H5P_DEFAULT), what));
  const Dataspace space(check(H5Aget_space(attribute.get()), what));
  const hssize_t count = check(H5Sget_simple_extent_npoints(space.get()), what);
  require(count == 1, fmt::format("attribute {} holds {} values, expected one", name, count));
  return attribute;
}

std::string read_variable_string(const Attribute& attribute, H5T_cset_t charset, const std::string& what) {
  const Datatype type = string_type(H5T_VARIABLE, charset);
  char* text = nullptr;
  check(H5Aread(attribute.get(), type.get(), static_cast<void*>(&text)), what);
  const std::string value = text == nullptr ? "" : text;
  H5free_memory(text);
  return value;
}

std::string read_fixed_string(const Attribute& attribute, const Datatype& type, const std::string& what) {
  std::string value(H5Tget_size(type.get()), '\0');
  check(H5Aread(attribute.get(), type.get(), value.data()), what);
  value.resize(std::strlen(value.c_str()));
  if (H5Tget_strpad(type.get()) == H5T_STR_SPACEPAD) value.erase(value.find_last_not_of(' ') + 1);
  return value;
}

// Verifies the dataset's checksum attribute, if it has one and the values are still stored in the type that it was
// computed from. It is needed because a chunk of zeros, which a lost block leaves, has a valid Fletcher-32.
void require_checksum(const Dataset& dataset, hid_t memory_type, const void* values, std::size_t bytes) {
  const Datatype stored(check(H5Dget_type(dataset.get()), "read a dataset's type"));
  if (check(H5Tequal(stored.get(), memory_type), "compare types") == 0) return;
  const std::optional<std::string> expected = read_string(dataset.get(), kChecksumName);
  if (!expected || *expected == checksum(values, bytes)) return;
  std::string name(256, '\0');
  name.resize(static_cast<std::size_t>(
      std::clamp<ssize_t>(H5Iget_name(dataset.get(), name.data(), name.size()), 0, std::ssize(name) - 1)));
  throw Error(name + ": its values do not have its checksum");
}

template <class T>
std::vector<T> read_values(const Dataset& dataset, hid_t memory_type) {
  const Dataspace space(check(H5Dget_space(dataset.get()), "read a dataset's shape"));
  const hssize_t count = check(H5Sget_simple_extent_npoints(space.get()), "read a dataset's shape");
  std::vector<T> values(static_cast<std::size_t>(count));
  check(H5Dread(dataset.get(), memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), "read a dataset");
  require_checksum(dataset, memory_type, values.data(), values.size() * sizeof(T));
  return values;
}

}  // namespace

File open_to_read(const std::string& path) {
  const PropertyList access(check(H5Pcreate(H5P_FILE_ACCESS), "make access properties"));
  // No locking: latent files never change once they have their name, and many cluster file systems refuse locks.
  check(H5Pset_file_locking(access.get(), false, true), "turn file locking off");
  return File(check(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), "open"));
}

// Strings of variable length are stored in the file's global heap, which has no checksum, so they are used for long
// texts only.
void write_attribute(hid_t parent, const char* name, const std::string& value) {
  constexpr std::size_t kMostFixedBytes = 60'000;  // with name and type below 64 KiB, the limit of a header message
  const char* text = value.c_str();
  if (value.size() > kMostFixedBytes) {
    const Datatype type = string_type(H5T_VARIABLE, H5T_CSET_UTF8);
    write_scalar(parent, name, type.get(), type.get(), static_cast<const void*>(&text));
  } else {
    const Datatype type = string_type(std::max<std::size_t>(value.size(), 1), H5T_CSET_UTF8);
    check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), "set a string's padding");
    write_scalar(parent, name, type.get(), type.get(), text);
  }
}

void write_attribute(hid_t parent, const char* name, std::int64_t value) {
  write_scalar(parent, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

void create_group(hid_t parent, const std::string& path) {
  const PropertyList properties(check(H5Pcreate(H5P_GROUP_CREATE), "make group properties"));
  check(H5Pset_obj_track_times(properties.get(), false), "set group properties");
  const PropertyList parents = make_parents();
  const Group group(
      check(H5Gcreate2(parent, path.c_str(), parents.get(), properties.get(), H5P_DEFAULT), "create group " + path));
}

void write_dataset(hid_t parent, const std::string& path, const std::vector<std::int64_t>& shape, const float* values,
                   const DatasetStyle& style) {
  write_array(parent, path, shape, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values, style);
}

void write_dataset(hid_t parent, const std::string& path, const std::vector<std::int64_t>& shape,
                   const std::int64_t* values, const DatasetStyle& style) {
  write_array(parent, path, shape, H5T_STD_I64LE, H5T_NATIVE_INT64, values, style);
}

std::optional<std::string> read_string(hid_t parent, const char* name) {
  const std::string what = std::string("read attribute ") + name;
  const Attribute attribute = open_scalar_attribute(parent, name);
  if (attribute.empty()) return std::nullopt;
  const Datatype type(check(H5Aget_type(attribute.get()), what));
  require(H5Tget_class(type.get()) == H5T_STRING, std::string("attribute ") + name + " is not a string");
  if (check(H5Tis_variable_str(type.get()), what) > 0) {
    return read_variable_string(attribute, H5Tget_cset(type.get()), what);
  }
  return read_fixed_string(attribute, type, what);
}

std::optional<std::int64_t> read_integer(hid_t parent, const char* name) {
  const std::string what = std::string("read attribute ") + name;
  const Attribute attribute = open_scalar_attribute(parent, name);
  if (attribute.empty()) return std::nullopt;
  const Datatype type(check(H5Aget_type(attribute.get()), what));
  require(H5Tget_class(type.get()) == H5T_INTEGER, std::string("attribute ") + name + " is not an integer");
  std::int64_t value = 0;
  check(H5Aread(attribute.get(), H5T_NATIVE_INT64, &value), what);
  return value;
}

// Asks for each part of the path, since H5Lexists fails when a parent is missing.
bool has_path(hid_t parent, const std::string& path) {
  for (std::size_t end = path.find('/', 1); true; end = path.find('/', end + 1)) {
    if (check(H5Lexists(parent, path.substr(0, end).c_str(), H5P_DEFAULT), "look for " + path) == 0) return false;
    if (end == std::string::npos) return true;
  }
}

Dataset open_dataset(hid_t parent, const std::string& path) {
  return Dataset(check(H5Dopen2(parent, path.c_str(), H5P_DEFAULT), "open " + path));
}

std::vector<float> read_floats(const Dataset& dataset) { return read_values<float>(dataset, H5T_NATIVE_FLOAT); }

std::vector<std::int64_t> read_integers(const Dataset& dataset) {
  return read_values<std::int64_t>(dataset, H5T_NATIVE_INT64);
}

}  // namespace orrery::hdf5
