#include <hdf5.h>

#include "base/core/error.h"
#include "io/latents/hdf5.h"
#include "storage_fixture.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

// Writes files directly with HDF5's C functions, as h5py and other programs do. One attribute or dataset can be omitted
// or replaced, to make files that must be refused.
class ForeignFile {
 public:
  explicit ForeignFile(const std::filesystem::path& path)
      : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {}

  void text(const char* name, const std::string& value, std::size_t size, H5T_str_t padding = H5T_STR_NULLPAD) {
    const hdf5::Datatype type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type.get(), size);
    H5Tset_strpad(type.get(), padding);
    std::string bytes = value;
    bytes.resize(size, padding == H5T_STR_SPACEPAD ? ' ' : '\0');
    attribute(name, type.get(), bytes.data());
  }

  void number(const char* name, std::int32_t value) { attribute(name, H5T_NATIVE_INT32, &value); }

  template <class T>
  void dataset(const char* path, hid_t stored, hid_t memory, const std::vector<hsize_t>& shape,
               const std::vector<T>& values) {
    const hdf5::PropertyList parents(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(parents.get(), 1);
    const hdf5::Dataspace space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr));
    const hdf5::Dataset data(
        H5Dcreate2(file_.get(), path, stored, space.get(), parents.get(), H5P_DEFAULT, H5P_DEFAULT));
    EXPECT_GE(H5Dwrite(data.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  }

  void identity(const std::string& format = "orrery-latents", int version = 1, const std::string& state = "complete") {
    text("format", format, format.size());
    number("version", version);
    text("state", state, state.size());
  }

 private:
  void attribute(const char* name, hid_t type, const void* value) {
    const hdf5::Dataspace scalar(H5Screate(H5S_SCALAR));
    const hdf5::Attribute made(H5Acreate2(file_.get(), name, type, scalar.get(), H5P_DEFAULT, H5P_DEFAULT));
    EXPECT_GE(H5Awrite(made.get(), type, value), 0);
  }

  hdf5::File file_;
};

hdf5::Datatype half_type() {  // IEEE binary16, as numpy.float16 is stored
  hdf5::Datatype type(H5Tcopy(H5T_IEEE_F32LE));
  H5Tset_fields(type.get(), 15, 10, 5, 0, 10);
  H5Tset_size(type.get(), 2);
  H5Tset_ebias(type.get(), 15);
  return type;
}

using ForeignFiles = StorageTest;

TEST_F(ForeignFiles, ContiguousDoublesAndPaddedTexts) {
  {
    ForeignFile foreign(folder_ / "a.h5");
    foreign.text("format", "orrery-latents", 40, H5T_STR_SPACEPAD);
    foreign.text("state", "complete", 16);
    foreign.number("version", 1);
    foreign.text("request", "{\"fps\": 30}", 12, H5T_STR_NULLTERM);
    foreign.dataset<double>("/latents/video", H5T_IEEE_F64BE, H5T_NATIVE_DOUBLE, {1, 2, 1, 1, 2}, {0.5, -1, 2, 3});
    foreign.dataset<int>("/text/cond_ids", H5T_STD_I32LE, H5T_NATIVE_INT, {2}, {7, 8});
  }
  const LatentFile file = read_latents(folder_ / "a.h5");
  EXPECT_EQ(file.state, LatentFile::State::Complete);
  EXPECT_EQ(file.request, "{\"fps\": 30}");
  EXPECT_THAT(file.latents.at(Stream::Video).shape, ElementsAre(1, 2, 1, 1, 2));
  EXPECT_THAT(file.latents.at(Stream::Video).values, ElementsAre(0.5F, -1, 2, 3));
  EXPECT_THAT(file.cond_ids, ElementsAre(7, 8));
  EXPECT_FALSE(file.latents.contains(Stream::Sound));
  EXPECT_EQ(file.software, "");
}

TEST_F(ForeignFiles, HalfPrecision) {
  {
    ForeignFile foreign(folder_ / "a.h5");
    foreign.identity();
    const hdf5::Datatype half = half_type();
    foreign.dataset<std::uint16_t>("/latents/video", half.get(), half.get(), {1, 1, 1, 1, 3}, {0x3C00, 0xC000, 0x3555});
  }
  const FloatArray video = read_latents(folder_ / "a.h5").latents.at(Stream::Video);
  EXPECT_THAT(video.values, ElementsAre(1, -2, 0.333251953125F));
}

struct Refused {
  const char* name;
  void (*make)(ForeignFile&);
  const char* message;
};

void one_value(ForeignFile& file) {
  file.dataset<float>("/latents/video", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {1, 1, 1, 1, 1}, {1});
}

const Refused kRefused[] = {
    {"no_format", [](ForeignFile& f) { one_value(f); },
     "the root attribute format is missing, expected \"orrery-latents\""},
    {"other_format", [](ForeignFile& f) { f.identity("keras"); }, "format is \"keras\""},
    {"later_version", [](ForeignFile& f) { f.identity("orrery-latents", 2); },
     "version 2, this program reads version 1"},
    {"no_version", [](ForeignFile& f) { f.text("format", "orrery-latents", 14); }, "version missing"},
    {"version_as_text",
     [](ForeignFile& f) {
       f.text("format", "orrery-latents", 14);
       f.text("version", "1", 1);
     },
     "attribute version is not an integer"},
    {"format_as_number", [](ForeignFile& f) { f.number("format", 1); }, "attribute format is not a string"},
    {"other_state", [](ForeignFile& f) { f.identity("orrery-latents", 1, "done"); },
     "state is \"done\", expected \"complete\""},
    {"no_latents", [](ForeignFile& f) { f.identity(); }, "no dataset /latents/video"},
    {"four_axes",
     [](ForeignFile& f) {
       f.identity();
       f.dataset<float>("/latents/video", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {1, 1, 1, 1}, {1});
     },
     "/latents/video has shape [1, 1, 1, 1], expected [1, C, t, h, w]"},
    {"two_clips",
     [](ForeignFile& f) {
       f.identity();
       f.dataset<float>("/latents/video", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {2, 1, 1, 1, 1}, {1, 2});
     },
     "has shape [2, 1, 1, 1, 1], expected [1, C, t, h, w]"},
    {"no_frames",
     [](ForeignFile& f) {
       f.identity();
       f.dataset<float>("/latents/video", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {1, 1, 0, 1, 1}, {});
     },
     "has shape [1, 1, 0, 1, 1], expected [1, C, t, h, w]"},
    {"sound_without_batch",
     [](ForeignFile& f) {
       f.identity();
       one_value(f);
       f.dataset<float>("/latents/sound", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {1, 1}, {1});
     },
     "/latents/sound has shape [1, 1], expected [1, S, T]"},
    {"latents_are_a_group",
     [](ForeignFile& f) {
       f.identity();
       f.dataset<float>("/latents/video/oops", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {1}, {1});
     },
     "no dataset /latents/video"},
    {"latents_are_texts",
     [](ForeignFile& f) {
       f.identity();
       f.dataset<char>("/latents/video", H5T_C_S1, H5T_C_S1, {1, 1, 1, 1, 1}, {'x'});
     },
     "/latents/video: found values of type string, expected floating-point numbers"},
    {"running_without_state",
     [](ForeignFile& f) {
       f.identity("orrery-latents", 1, "running");
       one_value(f);
     },
     "the state is running, but there is no group /sampler"},
};

TEST_F(ForeignFiles, RefusedWithTheReason) {
  for (const Refused& refused : kRefused) {
    SCOPED_TRACE(refused.name);
    const std::filesystem::path path = folder_ / (std::string(refused.name) + ".h5");
    {
      ForeignFile file(path);
      refused.make(file);
    }
    EXPECT_THAT([&] { read_latents(path); },
                ThrowsMessage<InputError>(
                    testing::AllOf(testing::StartsWith(path.string() + ": "), HasSubstr(refused.message))));
  }
}

}  // namespace
}  // namespace orrery
