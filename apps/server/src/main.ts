import 'reflect-metadata'

process.stdout.write('entrepot: nothing to serve yet\n')
