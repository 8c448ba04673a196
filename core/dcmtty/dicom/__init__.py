"""Reading DICOM: headers, tag trees, series, pixels."""
