"""What things are. numpy and the standard library only: no Qt, no TensorFlow, no h5py."""
