-- What is to be done later lies apart from the app's data: it can be backed up, restored or thrown away on its own.
CREATE DATABASE cloudinary_parse;
